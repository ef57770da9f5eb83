// A Vite plug-in: takes the fonts that GraphiQL embeds as base64 out of its style sheets.
// They are half a megabyte and would need `font-src data:`; the system's fonts do as well.

/** @returns {import('vite').Plugin} */
export function stripFonts() {
  return {
    name: 'strip-embedded-fonts',
    enforce: 'pre',
    transform(code, id) {
      const [path] = id.split('?');
      if (!path.includes('graphiql') || !path.endsWith('.css')) return null;
      const kept = code.replace(/@font-face\s*\{[^}]*url\(["']?data:[^}]*\}/g, '');
      return kept === code ? null : { code: kept, map: null };
    },
  };
}
