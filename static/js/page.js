// The page as it is now on the server, brought into this one without loading it anew.

// Null where it cannot be had, as when somebody was logged out meanwhile. What is taken from it has to be
// imported: players that were made in a page that nobody sees never find their sources.
export async function pageNow() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Resolves when the styles are here that `page` has and this one had not; its modules follow.
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
    // Without its colours a page can be used all the same.
    element.addEventListener("error", resolve);
    document.head.append(element);
  });
}
