// Makes tabs of sections and their list of contents. The fragment of the address names the open one, so that a
// link opens it and loading the page anew keeps it.
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

export class Tabs {
  constructor(root) {
    this.root = root;
    this.links = [...root.querySelectorAll(".tabs__list a")];
    this.panels = [...root.querySelectorAll("[data-panel]")];
    if (this.links.length < 2) return;
    this.#name();
    for (const link of this.links) {
      link.addEventListener("click", (event) => this.#chosen(event, link));
      link.addEventListener("keydown", (event) => this.#step(event, link));
    }
    window.addEventListener("hashchange", () => this.#follow());
    this.#follow();
    root.dataset.ready = "";
  }

  #name() {
    const list = this.links[0].closest("ul");
    list.setAttribute("role", "tablist");
    const nav = list.parentElement;
    list.setAttribute("aria-label", nav.getAttribute("aria-label"));
    nav.removeAttribute("aria-label");
    nav.setAttribute("role", "presentation");
    this.links.forEach((link, n) => {
      const panel = this.panels[n];
      link.parentElement.setAttribute("role", "presentation");
      link.setAttribute("role", "tab");
      link.id = `tab-${panel.id}`;
      link.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", link.id);
    });
  }

  #chosen(event, link) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#go(link);
  }

  #go(link) {
    // No jump, as the list of tabs is where the person is.
    history.replaceState(history.state, "", link.hash);
    this.#open(this.links.indexOf(link));
  }

  #step(event, link) {
    const n = this.links.indexOf(link);
    const ends = { Home: 0, End: this.links.length - 1 };
    const next = event.key in STEPS ? n + STEPS[event.key] : ends[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const to = this.links.at(next % this.links.length);
    to.focus();
    this.#go(to);
  }

  // The fragment may name a tab, or something within one.
  #follow() {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const found = target ? this.panels.findIndex((panel) => panel.contains(target)) : -1;
    this.#open(Math.max(found, 0));
    if (found >= 0) this.#show(target);
  }

  // The mixer above opens when its song is loaded, and would push the target out of sight.
  #show(target) {
    const { hash } = location;
    const show = () => target.scrollIntoView({ block: "start" });
    show();
    const mixer = document.querySelector("[data-mixer][hidden]");
    if (!mixer) return;
    const watch = new ResizeObserver(() => {
      if (mixer.hidden) return;
      watch.disconnect();
      if (location.hash === hash) show();
    });
    watch.observe(mixer);
  }

  #open(chosen) {
    this.links.forEach((link, n) => {
      link.setAttribute("aria-selected", n === chosen);
      link.tabIndex = n === chosen ? 0 : -1;
      this.panels[n].hidden = n !== chosen;
    });
  }
}
