// Single keys for the player. They can be switched off, as WCAG 2.1.4 requires, and the choice is stored.
const STORED = "stemsite.keys";
const TEXT = "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]";
const PRESSED = "button, a, summary, audio, input[type=checkbox]";
const MOVED = "input[type=range], audio, [role=slider]";

export class Keyboard {
  constructor({ actions, choice }) {
    this.actions = actions;
    this.choice = choice;
    choice.checked = localStorage.getItem(STORED) !== "off";
    choice.addEventListener("change", () =>
      localStorage.setItem(STORED, choice.checked ? "on" : "off"),
    );
    document.addEventListener("keydown", (event) => this.#press(event));
  }

  #press(event) {
    if (!this.choice.checked || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TEXT)) return;
    const action = this.#action(event);
    if (!action) return;
    event.preventDefault();
    action();
  }

  #action(event) {
    const { actions } = this;
    const { key, code, shiftKey, repeat, target } = event;
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1];
    if (digit)
      return repeat ? () => {} : () => (shiftKey ? actions.mute : actions.solo)(Number(digit) - 1);
    if (key === " ") return !target.closest?.(PRESSED) && (repeat ? () => {} : actions.toggle);
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const step = (shiftKey ? 1 : 5) * (key === "ArrowLeft" ? -1 : 1);
      return !target.closest?.(MOVED) && (() => actions.step(step));
    }
    if (key === "Home") return !target.closest?.(MOVED) && actions.home;
    const signs = {
      "[": actions.loopStart,
      "]": actions.loopEnd,
      "+": actions.closer,
      "=": actions.closer,
      "-": actions.farther,
    };
    return { ...signs, l: actions.loop, ...actions.letters }[key.toLowerCase()];
  }
}
