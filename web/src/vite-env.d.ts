declare module '*.mjs';

// A part of a file of texts: see `build/desk-texts.mjs`.
declare module '*.json?desk' {
  const texts: Record<string, string>;
  export default texts;
}
