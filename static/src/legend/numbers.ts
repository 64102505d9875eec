// Numbers for a person: short in a legend, whole in a sentence, each as the reader's language writes them.

const WHOLE_BELOW = 10_000; // years and heights stay as they are

/** Short texts of some numbers that stand side by side: as short as they stay apart. */
export function shortNumbers(values: readonly number[], locale?: string): string[] {
  const short = values.map((value) => short1(value, locale));
  return new Set(short).size === new Set(values).size ? short : values.map((value) => wholeNumber(value, locale));
}

function short1(value: number, locale?: string): string {
  const size = Math.abs(value);
  if (size >= WHOLE_BELOW) return said(value, locale, { notation: "compact", maximumSignificantDigits: 3 });
  return said(value, locale, size >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
}

export const wholeNumber = (value: number, locale?: string): string => said(value, locale, { maximumFractionDigits: 10 });

const said = (value: number, locale: string | undefined, options: Intl.NumberFormatOptions): string =>
  new Intl.NumberFormat(locale, { useGrouping: "min2", ...options } as Intl.NumberFormatOptions).format(value);
