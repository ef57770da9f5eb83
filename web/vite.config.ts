// How the pages are built: one HTML file for each page, assets with content hashes, relative URLs throughout
// (so that a path prefix behind a proxy works). The server shows the admin page at a path of the operator's
// choice and puts its relative links right.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { deskTexts } from './build/desk-texts.mjs';
import { outputFolder } from './build/output.mjs';
import { stripFonts } from './build/strip-fonts.mjs';

const page = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.CAIRN_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: './',
  // Unit tests know every text.
  plugins: [stripFonts(), ...(process.env.VITEST === undefined ? [deskTexts()] : [])],
  build: {
    outDir: outputFolder,
    emptyOutDir: true,
    target: 'es2022',
    // Data URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      input: { map: page('index.html'), embed: page('embed/index.html'), graphiql: page('graphiql/index.html'), account: page('account/index.html'), admin: page('admin/index.html') },
      // React's "use client" means nothing without a server that renders.
      onwarn: (warning, report) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || report(warning),
    },
  },
  worker: { format: 'es' },
  // `npx vite` serves the sources against a running server, for work on the pages.
  server: { proxy: { '/graphql': server, '/settings.json': server } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
