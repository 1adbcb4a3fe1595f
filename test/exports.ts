/** @file What the built package exports, as its declarations say. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript59';

export const dist = fileURLToPath(new URL('../dist/', import.meta.url));
export const entries = ['index', 'index.web', 'engine', 'autograd/ops', 'data/index.node'].map(
  (name) => `${dist}${name}.d.ts`,
);

export const program = ts.createProgram(entries, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2022.d.ts'],
  types: [],
  strict: true,
});
export const checker = program.getTypeChecker();

export const declared = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** Everything a module exports, namespaces opened, by its first name. */
export function exportsOf(
  module: ts.Symbol,
  prefix = '',
  found = new Map<ts.Symbol, string>(),
): typeof found {
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = declared(exported);
    const name = prefix + exported.name;
    if (symbol.flags & ts.SymbolFlags.ValueModule) exportsOf(symbol, `${name}.`, found);
    else if (!found.has(symbol)) found.set(symbol, name);
  }
  return found;
}

export const moduleOf = (entry: string): ts.Symbol =>
  checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;

/** What the library exports in Node, by name. */
export const exported = (): Map<ts.Symbol, string> => exportsOf(moduleOf(`${dist}index.d.ts`));
