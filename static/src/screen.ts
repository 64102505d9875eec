// What the reader's screen and hand are like: asked anew each time, since both change while a page is open.

const query = (words: string) => (): boolean => matchMedia(words).matches;

export const wantsCalm = query("(prefers-reduced-motion: reduce)");
export const isNarrow = query("(max-width: 640px)"); // as in css/phone.css
export const isCoarse = query("(pointer: coarse)"); // the first pointer: a laptop whose screen can be touched has a fine one
