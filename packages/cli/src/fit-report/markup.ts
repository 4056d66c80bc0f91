/** HTML by template: whatever is filled in is text, unless it is markup already. */

/** A piece of HTML that is safe to place between tags. Whoever makes one answers for it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Filling = Markup | string | number | readonly Markup[];

/** Fills text into markup, escaped for elements and for quoted attributes; lists of markup are joined. */
export function html(parts: TemplateStringsArray, ...fillings: readonly Filling[]): Markup {
  const filled = fillings.map((filling) => {
    if (filling instanceof Markup) return filling.text;
    if (typeof filling === "object") return filling.map(({ text }) => text).join("");
    return escaped(String(filling));
  });
  return new Markup(String.raw({ raw: parts }, ...filled));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}
