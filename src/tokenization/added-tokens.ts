import type { AddedToken } from './settings.ts';

/** A part of a text in UTF-16 units, `[start, end)`: an added token, or the text between two. */
export interface Section {
  readonly start: number;
  readonly end: number;
  readonly token: AddedToken | undefined;
}

const wordCharacter = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d]';

/** Finds added tokens in a text; of several at one place the longest. */
export class AddedTokenFinder {
  readonly #tokens: readonly AddedToken[];
  readonly #pattern: RegExp | undefined;

  /** `contentOf` gives what to look for, such as the token's normalised text. */
  constructor(tokens: readonly AddedToken[], contentOf: (token: AddedToken) => string) {
    this.#tokens = tokens
      .filter(token => contentOf(token) !== '')
      .sort((a, b) => contentOf(b).length - contentOf(a).length);
    if (this.#tokens.length > 0) {
      const groups = this.#tokens.map(token => `(${patternOf(token, contentOf(token))})`);
      this.#pattern = new RegExp(groups.join('|'), 'gu');
    }
  }

  split(text: string): Section[] {
    const sections: Section[] = [];
    let done = 0;
    const addText = (end: number) => {
      if (end > done) sections.push({ start: done, end, token: undefined });
    };
    for (const match of this.#pattern ? text.matchAll(this.#pattern) : []) {
      addText(match.index);
      done = match.index + match[0].length;
      const token = this.#tokens[match.findIndex((group, i) => i > 0 && group !== undefined) - 1];
      sections.push({ start: match.index, end: done, token });
    }
    addText(text.length);
    return sections;
  }
}

function patternOf({ singleWord, lstrip, rstrip }: AddedToken, content: string): string {
  const literal = content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const alone = singleWord ? `(?<!${wordCharacter})${literal}(?!${wordCharacter})` : literal;
  return `${lstrip ? '\\s*' : ''}${alone}${rstrip ? '\\s*' : ''}`;
}
