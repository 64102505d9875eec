// Takes GeoJSON files that are dropped on the page or picked, one after another.

import { byId } from "./dom.ts";

export function wireFiles(add: (file: File) => Promise<void>): void {
  const input = byId<HTMLInputElement>("file");
  const hint = byId("drop-hint");
  input.addEventListener("change", () => {
    void inTurn(input.files, add);
    input.value = ""; // so that the same file can be picked again
  });
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    hint.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) hint.hidden = true;
  });
  addEventListener("drop", (event) => {
    hint.hidden = true;
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    void inTurn(event.dataTransfer.files, add);
  });
}

async function inTurn(files: FileList | null, add: (file: File) => Promise<void>): Promise<void> {
  for (const file of Array.from(files ?? [])) await add(file);
}
