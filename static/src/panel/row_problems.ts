// What could not be drawn of one layer, in its row: a line a cause, in plain words, and behind it what helps.

import type { SaidProblem } from "../map/errors.ts";
import { el } from "./dom.ts";

export class RowProblems {
  readonly element = el("div", { className: "problems", hidden: true });
  private shown = "";

  show(problems: SaidProblem[]): void {
    const text = JSON.stringify(problems);
    if (text === this.shown) return; // what is opened stays open
    this.shown = text;
    const open = [...this.element.children].map((one) => one.hasAttribute("open"));
    this.element.replaceChildren(...problems.map((problem, place) => line(problem, open[place] ?? false)));
    this.element.hidden = problems.length === 0;
  }
}

const line = ({ words, details }: SaidProblem, open: boolean): HTMLElement =>
  details ? el("details", { open }, el("summary", {}, words), el("p", {}, details)) : el("p", {}, words);
