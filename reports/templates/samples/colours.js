// Which parts of a program are comments, strings, numbers and keywords: one pattern for each language, tried from left
// to right. It knows no grammar; what it takes for something else is shown in another colour, nothing more.
const QUOTED = (quote) => `${quote}[^${quote}\\\\\\n]*(?:\\\\[^][^${quote}\\\\\\n]*)*${quote}?`;
const SLASHES = "\\/\\/[^\\n]*|\\/\\*[^]*?(?:\\*\\/|$)";
const NUMBER = "(?:0[xXbBoO][\\da-fA-F_]+|\\d[\\d_]*(?:\\.[\\d_]*)?(?:[eE][+\\-]?\\d+)?)[\\w]*";
const WORD = "[\\p{L}_$][\\p{L}\\p{N}_$]*";

const GRAMMARS = {
  python: grammar({
    comment: "#[^\\n]*",
    string: `[rRbBuUfF]{0,2}(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|${QUOTED('"')}|${QUOTED("'")})`,
    meta: `@${WORD}`,
    keywords:
      "False None True and as assert async await break case class continue def del elif else except finally for from " +
      "global if import in is lambda match nonlocal not or pass raise return try while with yield",
    types: "bool bytes complex dict float frozenset int list object set str tuple type self cls Dict List Optional Tuple",
  }),
  cpp: grammar({
    comment: SLASHES,
    string:
      `(?:u8|[uUL])?R"(?<fence>[^()\\\\\\s]{0,16})\\([^]*?(?:\\)\\k<fence>"|$)` +
      `|(?:u8|[uUL])?(?:${QUOTED('"')}|${QUOTED("'")})`,
    meta: "(?<=^|\\n)[ \\t]*#[ \\t]*[a-z]+(?:[ \\t]*<[^>\\n]*>)?",
    keywords:
      "alignas alignof and asm auto break case catch class co_await co_return co_yield concept const const_cast consteval " +
      "constexpr constinit continue decltype default delete do dynamic_cast else enum explicit export extern false final " +
      "for friend goto if inline mutable namespace new noexcept not nullptr operator or override private protected public " +
      "register reinterpret_cast requires return sizeof static static_assert static_cast struct switch template this " +
      "thread_local throw true try typedef typeid typename union using virtual volatile while",
    types:
      "bool char double float int long map pair queue set short signed size_t stack std string unordered_map " +
      "unordered_set unsigned vector void wchar_t",
  }),
  java: grammar({
    comment: SLASHES,
    string: `"""[^]*?(?:"""|$)|${QUOTED('"')}|${QUOTED("'")}`,
    meta: `@${WORD}`,
    keywords:
      "abstract assert break case catch class const continue default do else enum extends false final finally for goto if " +
      "implements import instanceof interface native new null package private protected public record return static super " +
      "switch synchronized this throw throws transient true try var volatile while yield",
    types:
      "Boolean Character Double Integer List Long Map Math Object Set String boolean byte char double float int long short " +
      "void",
  }),
  js: grammar({
    comment: SLASHES,
    string: `\`[^\`\\\\]*(?:\\\\[^][^\`\\\\]*)*\`?|${QUOTED('"')}|${QUOTED("'")}`,
    keywords:
      "async await break case catch class const continue debugger default delete do else export extends false finally for " +
      "function if import in instanceof let new null of return static super switch this throw true try typeof undefined " +
      "var void while with yield",
    types: "Array BigInt Boolean Infinity JSON Map Math NaN Number Object Promise Set String Symbol console",
  }),
  go: grammar({
    comment: SLASHES,
    string: `\`[^\`]*\`?|${QUOTED('"')}|${QUOTED("'")}`,
    keywords:
      "break case chan const continue default defer else fallthrough false for func go goto if import interface iota map " +
      "nil package range return select struct switch true type var",
    types:
      "any append bool byte cap complex128 complex64 copy delete error float32 float64 int int16 int32 int64 int8 len " +
      "make max min new panic rune string uint uint16 uint32 uint64 uint8 uintptr",
  }),
};

function grammar({ comment, string, meta = "(?!)", keywords, types }) {
  const groups = [`(?<comment>${comment})`, `(?<string>${string})`, `(?<meta>${meta})`];
  groups.push(`(?<number>(?<![\\p{L}\\p{N}_$])${NUMBER})`, `(?<word>${WORD})`);
  return {
    pattern: new RegExp(groups.join("|"), "gu"),
    keywords: new Set(keywords.split(" ")),
    types: new Set(types.split(" ")),
  };
}

// The text's tokens as a list of [end, class]; none where the language is unknown or the text too long.
function tokensOf(text, language) {
  if (!Object.hasOwn(GRAMMARS, language) || text.length > COLOURED_CHARACTERS) return [];
  const { pattern, keywords, types } = GRAMMARS[language];
  const tokens = [];
  try {
    for (const found of text.matchAll(pattern)) {
      const end = found.index + found[0].length;
      const name = ["comment", "string", "meta", "number"].find((each) => found.groups[each] !== undefined);
      const kind = name ?? kindOfWord(found[0], text, end, keywords, types);
      if (kind === "") continue;
      if (found.index > (tokens.at(-1)?.[0] ?? 0)) tokens.push([found.index, ""]);
      tokens.push([end, `is-${kind}`]);
    }
  } catch (error) {
    // A browser's patterns have a depth; a text that exceeds it goes without colours.
    if (error instanceof RangeError || error.name === "InternalError") return [];
    throw error;
  }
  return tokens;
}

function kindOfWord(word, text, end, keywords, types) {
  if (keywords.has(word)) return "keyword";
  if (types.has(word)) return "type";
  return text[end] === "(" ? "call" : "";
}
