import { defineConfig } from 'vite';

/** Where `ringfence-server --dev` listens while the page is served by `vite`. */
const server = process.env['RINGFENCE_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  // The packages of this repository are read from their sources, so nothing is built before.
  resolve: { conditions: ['@ringfence/source', 'module', 'browser', 'development|production'] },
  server: { proxy: { '/v1': { target: server, ws: true } } },
  build: { target: 'es2022', assetsInlineLimit: 0 },
});
