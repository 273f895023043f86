// Fetches the page's current version from the server and inserts it without a reload.

// Null if the fetch fails, for example after a log-out. Nodes of the fetched page have to be imported:
// players that were created in an invisible document never load their sources.
export async function pageNow() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Resolves when the missing styles of `page` are loaded; its modules follow.
export async function bringHead(page) {
  const links = missing(page, "link[rel=stylesheet]", "href");
  await Promise.all(links.map((link) => added("link", { rel: "stylesheet", href: link.href })));
  for (const { src } of missing(page, "script[type=module]", "src"))
    added("script", { type: "module", src });
}

function missing(page, selector, name) {
  const here = new Set(
    [...document.querySelectorAll(selector)].map((element) => element.getAttribute(name)),
  );
  return [...page.querySelectorAll(selector)].filter(
    (element) => !here.has(element.getAttribute(name)),
  );
}

function added(tag, values) {
  const element = Object.assign(document.createElement(tag), values);
  return new Promise((resolve) => {
    element.addEventListener("load", resolve);
    // A page without its styles can still be used.
    element.addEventListener("error", resolve);
    document.head.append(element);
  });
}
