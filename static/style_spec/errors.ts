// Which errors are an expression's own, and which the engine's.

/** What an expression's own error says. The engine's own (out of memory, too deep) go on: nothing can be made of them. */
export function said(error: unknown): string {
  const { name, message } = error as Error;
  if (name === "InternalError" || /call stack|out of memory/.test(message)) throw error;
  return message;
}
