import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

export default ts.config(
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  {
    rules: {
      // Typed arrays and maps are read where the index is known to be in range.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // What the network says is shown as text.
      'svelte/no-at-html-tags': 'error',
      // The Content-Security-Policy forbids style attributes in markup, and what transitions add; style:property goes through the object model.
      'no-restricted-syntax': [
        'error',
        { selector: 'SvelteAttribute[key.name="style"]', message: 'Use style:property={value}.' },
        { selector: 'SvelteDirective[kind=/^(Transition|Animation)$/]', message: 'Transitions put style sheets into the page.' },
      ],
    },
  },
  { ignores: ['node_modules/'] },
)
