// Canvases in the resolution of the screen, and the colours of the style sheet.
const watched = new WeakMap();
const observer = new ResizeObserver((entries) => {
  for (const { target } of entries) watched.get(target)?.();
});

// Calls `draw` when the size of the canvas changes, and when it is added to the page.
export function onResize(canvas, draw) {
  watched.set(canvas, draw);
  observer.observe(canvas);
}

// The drawing context, cleared, in CSS pixels; null while the canvas has no size.
export function fresh(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return null;
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, ratio };
}

export function colour(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

// Draws at most once for each frame of the screen, however often it is called.
export function once(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}
