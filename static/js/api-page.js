// Swagger UI has a dark look, which a class of the page switches on: here by the person's choice.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

function show() {
  const { theme } = root.dataset;
  root.classList.toggle("dark-mode", theme === "dark" || (theme !== "light" && system.matches));
}

system.addEventListener("change", show);
show();
