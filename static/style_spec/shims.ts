// What QuickJS lacks and the package asks for, given before the package is loaded. Without Intl a constant
// `number-format` would make a right layer fail; through console the package warns, and evaluate() swallows errors.

const grouped = (text: string) => text.replace(/\B(?=(\d{3})+$)/g, ",");

class NumberFormat {
  private readonly least: number;
  private readonly most: number;

  constructor(_locales?: unknown, options: Intl.NumberFormatOptions = {}) {
    this.least = options.minimumFractionDigits ?? 0;
    this.most = options.maximumFractionDigits ?? Math.max(this.least, 3);
  }

  format(value: number): string {
    const [whole = "0", fraction = ""] = Math.abs(value).toFixed(this.most).split(".");
    let digits = fraction;
    while (digits.length > this.least && digits.endsWith("0")) digits = digits.slice(0, -1);
    return (value < 0 ? "-" : "") + grouped(whole) + (digits ? `.${digits}` : "");
  }
}

class Collator {
  compare(a: string, b: string): number {
    return a < b ? -1 : a > b ? 1 : 0;
  }

  resolvedOptions() {
    return { locale: "en" };
  }
}

const silent = () => undefined;
const missing: Record<string, unknown> = {
  Intl: { NumberFormat, Collator },
  console: { log: silent, warn: silent, error: silent },
};
for (const [name, value] of Object.entries(missing)) {
  if (!(name in globalThis)) Object.assign(globalThis, { [name]: value });
}

export {};
