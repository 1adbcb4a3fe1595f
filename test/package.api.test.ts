/** @file What the declarations of the library say of themselves: nothing public is without words, no type without a name. */
import ts from 'typescript59';
import { describe, expect, it } from 'vitest';
import { checker, declared, dist, entries, exported, exportsOf, moduleOf } from './exports.ts';

/** The name of a type that a node mentions, if it does. */
function mentioned(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}

/** The library's own types that a declaration mentions. */
function typesIn(node: ts.Node, found: ts.Symbol[] = []): ts.Symbol[] {
  const isPrivate =
    ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
  if (isPrivate) return found;
  const name = mentioned(node);
  const symbol = name && checker.getSymbolAtLocation(name);
  if (symbol) found.push(declared(symbol));
  ts.forEachChild(node, (child) => {
    typesIn(child, found);
  });
  return found;
}

function isOwn({ flags, declarations = [] }: ts.Symbol): boolean {
  const file = declarations[0]?.getSourceFile().fileName ?? '';
  return !(flags & ts.SymbolFlags.TypeParameter) && file.startsWith(dist) && !file.endsWith('/host.d.ts');
}

describe('the public interface', () => {
  it.each(['index', 'index.web'])('of %s names every type that its signatures mention', (entry) => {
    const found = exportsOf(moduleOf(`${dist}${entry}.d.ts`));
    expect(found.size).toBeGreaterThan(200);
    const missing = [...found]
      .filter(([, name]) => !name.startsWith('internals.'))
      .flatMap(([{ declarations = [] }, name]) =>
        declarations
          .flatMap((declaration) => typesIn(declaration))
          .filter((type) => isOwn(type) && !found.has(type))
          .map((type) => `${type.name}, which ${name} mentions`),
      );
    expect([...new Set(missing)]).toEqual([]);
  });

  it('of planewise/engine and planewise/ops is part of it', () => {
    const whole = exported();
    for (const entry of entries)
      for (const [symbol, name] of exportsOf(moduleOf(entry)))
        expect(whole.has(symbol) || entry.includes('.web.'), `${name} of ${entry}`).toBe(true);
  });

  it('says what every export is', () => {
    const silent = [...exported()].filter(([symbol]) => symbol.getDocumentationComment(checker).length === 0);
    expect(silent.map(([, name]) => name)).toEqual([]);
  });
});
