// Keeps the shell of the site: the offline page and static files, whose names contain a digest of their
// content. No page of an account, no sound and no answer of the API is ever kept.
const CACHE = "shell-{{ version }}";
const { files: FILES, static: STATIC } = {{ told|safe }};
const OFFLINE = FILES[0];
const DIGEST = /\.[0-9a-f]{12}\.\w+$/;
const MOST = 200; // static files; a release brings another cache

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));

async function install() {
  const cache = await caches.open(CACHE);
  // Without cookies: these are the files that anybody gets.
  await cache.addAll(FILES.map((file) => new Request(file, { credentials: "omit", cache: "reload" })));
  await self.skipWaiting();
}

async function activate() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("shell-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (FILES.includes(pathname)) event.respondWith(kept(request));
  else if (pathname.startsWith(STATIC) && DIGEST.test(pathname) && !request.headers.has("range"))
    event.respondWith(kept(request));
});

async function page(request) {
  try {
    return await fetch(request);
  } catch {
    const cache = await caches.open(CACHE);
    return (await cache.match(OFFLINE)) ?? Response.error();
  }
}

async function kept(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.status === 200 && (await cache.keys()).length < MOST) await cache.put(request, answer.clone());
  return answer;
}
