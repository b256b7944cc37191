import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

// Addresses are relative to the document, so that the page also works behind a proxy that gives it a path.
export default defineConfig({
  base: './',
  plugins: [svelte()],
  build: {
    outDir: '../../artifacts/web/built',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    reportCompressedSize: false,
    license: { fileName: 'licenses.md' },
  },
  worker: { format: 'es' },
  // For `npm run dev`: LLAMA_SERVER is the server whose numbers are shown.
  server: { proxy: { '/api/v': process.env.LLAMA_SERVER ?? 'http://127.0.0.1:5000' } },
  test: { environment: 'happy-dom', include: ['**/*.test.ts'] },
})
