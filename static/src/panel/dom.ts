// The one way this page makes elements: properties and text, never HTML, since every name may come from a stranger.

type Properties = { [name: string]: unknown };

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) (element as any)[name] = value;
    else element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

export const button = (label: string, onClick: () => void, properties: Properties = {}): HTMLButtonElement =>
  el("button", { type: "button", onclick: onClick, ...properties }, label);

/** A button that shows a sign, named for those who cannot see it. */
export function iconButton(icon: IconName, name: string, onClick: () => void): HTMLButtonElement {
  const made = button("", onClick, { className: "icon", title: name, ariaLabel: name });
  made.append(drawn(icon));
  return made;
}

const ICONS = {
  grip: "M6 4v.01M10 4v.01M6 8v.01M10 8v.01M6 12v.01M10 12v.01",
  more: "M3.5 8v.01M8 8v.01M12.5 8v.01",
  remove: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  back: "M10 3 5 8l5 5",
  on: "M6 3l5 5-5 5",
  fold: "M3 5.5 8 10.5 13 5.5",
} as const;
export type IconName = keyof typeof ICONS;

function drawn(icon: IconName): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[icon]);
  svg.append(path);
  return svg;
}

export function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element as T;
}

/** Sets text only where it differs, so that a live region does not speak again. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // the clipboard API is there only under https and on localhost
  }
}

function copyBySelection(text: string): boolean {
  const area = el("textarea", { value: text, className: "offscreen" });
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
