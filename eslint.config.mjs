/**
 * Lint: import arrows (design section 2), the firmware's subset as far as a source rule can see it, and the
 * rule that time and chance come only from the places that own them. What needs the built bundle is checked
 * by scripts/build instead.
 */
import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';

/** `target` may not import from `from` (except the listed subfolders of it). */
const arrow = (target, from, except, message) => ({ target, from, ...(except ? { except } : {}), message });

const arrows = [
  arrow('./src/protocol', './src', ['./protocol'], 'protocol imports nothing outside itself'),
  arrow('./src/drivers', './src', ['./drivers', './protocol'], 'drivers know hardware and protocol only'),
  arrow('./src/payment', './src', ['./payment', './protocol'], 'payment sees drivers through interfaces'),
  arrow(
    './src',
    '.',
    ['./src', './node_modules/aes-js'],
    'the firmware imports nothing from outside src/ (aes-js is for boards without native AES)',
  ),
  arrow('./server', './src', ['./protocol'], 'the server shares only src/protocol'),
  arrow('./maker', './src', ['./protocol'], 'the maker kit shares only src/protocol'),
  arrow('./sim', './src', ['./protocol'], 'simulators run the bundle, and share only src/protocol'),
  arrow('./server', './sim', undefined, 'the real server knows no simulator'),
  arrow('./sim/modem', './src', undefined, 'the modem simulator is written from the manual'),
  arrow('./sim/providers', './server', undefined, 'the sandbox is written from the providers’ documents'),
];

const clockMessage = 'time comes from an injected clock';
const chanceMessage = 'chance comes from an injected random source';

export default tseslint.config(
  { ignores: ['node_modules/**', 'dist/**', 'data/**', 'coverage/**', '**/*.js', '**/*.mjs', '**/*.cjs'] },
  ...tseslint.configs.recommended,
  {
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js'] } } },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: arrows }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'server/**/*.ts', 'sim/**/*.ts', 'maker/**/*.ts'],
    ignores: ['sim/time/clock.ts', 'server/time.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: clockMessage },
        { object: 'Math', property: 'random', message: chanceMessage },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.d.ts'],
    rules: {
      'no-use-before-define': 'off',
      '@typescript-eslint/no-use-before-define': [
        'error',
        { functions: true, classes: true, variables: true },
      ],
      'no-labels': 'error',
      'no-loop-func': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ObjectPattern, ArrayPattern', message: 'Espruino has no destructuring' },
        { selector: 'SpreadElement, RestElement', message: 'Espruino has no spread and no rest' },
        { selector: 'AssignmentPattern', message: 'Espruino has no default values' },
        {
          selector: 'Property[computed=true]:not(:has(> MemberExpression.key))',
          message:
            'Espruino has no computed keys (const enum members are inlined, and the bundle is checked)',
        },
        { selector: 'ClassDeclaration[superClass.name="Error"]', message: 'Espruino cannot extend Error' },
        {
          selector: 'FunctionDeclaration[generator=true], FunctionDeclaration[async=true]',
          message: 'no generators, no async',
        },
        { selector: 'ArrowFunctionExpression[async=true], AwaitExpression', message: 'no async' },
        { selector: 'BinaryExpression[operator="**"]', message: 'Espruino has no **' },
        {
          selector: 'SwitchStatement',
          message: 'dispatch by table: a switch costs 3,000 instructions a case',
        },
      ],
    },
  },
  {
    files: ['src/{protocol,payment,drivers}/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'setTimeout',
          'setInterval',
          'clearTimeout',
          'clearInterval',
          'getTime',
          'E',
          'process',
          'require',
        ].map((name) => ({ name, message: 'src/main.ts alone touches globals' })),
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', 'max-lines': 'off' },
  },
  {
    files: ['test/**/*.test.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'fc', property: 'assert', message: 'random tests use holds() of test/support/random.ts' },
      ],
    },
  },
);
