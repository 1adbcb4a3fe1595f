/**
 * @file Makes pages of the library's interface out of its sources, in dist/api: `npm run api`. typedoc reads sources by the
 * compiler's JavaScript interface, which TypeScript 7 has not: it is given the older one that is installed beside.
 */
import { register } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const hook = `export const resolve = (name, context, next) =>
  next(name === 'typescript' ? ${JSON.stringify(import.meta.resolve('typescript59'))} : name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const { Application, OptionDefaults } = await import('typedoc');
const app = await Application.bootstrap({
  name: 'planewise',
  entryPoints: ['index.ts', 'engine.ts', 'autograd/ops.ts', 'data/index.node.ts'].map((name) =>
    join(root, 'src', name),
  ),
  tsconfig: join(root, 'tsconfig.json'),
  readme: join(root, 'docs', 'engine.md'),
  out: join(root, 'dist', 'api'),
  blockTags: [...OptionDefaults.blockTags, '@file'],
  excludeTags: [...OptionDefaults.excludeTags, '@file'],
  excludePrivate: true,
  excludeInternal: true,
  // the project's own check is the newer compiler's
  skipErrorChecking: true,
  disableSources: true,
  validation: false,
  logLevel: 'Warn',
});
const project = await app.convert();
if (project) await app.generateOutputs(project);
process.exitCode = project && !app.logger.hasErrors() ? 0 : 1;
