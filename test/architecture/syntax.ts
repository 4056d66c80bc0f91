/** What a module says in its syntax; comments and strings do not count. */
import ts from "typescript";

export interface ModuleSyntax {
  /** Specifiers of all imports: static, dynamic, re-exporting, type-only, `import("x").T`, `require`. */
  readonly imports: readonly string[];
  /** Names used, and dotted names by every ending: `globalThis.Math.random` counts as `Math.random`. */
  readonly names: ReadonlySet<string>;
}

export function syntaxOf(path: string, text: string): ModuleSyntax {
  const imports: string[] = [];
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) imports.push(specifier);
    for (const name of namesAt(node)) names.add(name);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return { imports, names };
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    return literal(node.moduleSpecifier);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return literal(node.argument.literal);
  if (ts.isCallExpression(node) && isLoader(node.expression)) return literal(node.arguments[0]);
  return undefined;
}

/** `import(…)`, `require(…)`, `require.resolve(…)`, also on what `createRequire` gave. */
function isLoader(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === "require";
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "resolve") return false;
  const { expression } = callee;
  if (ts.isIdentifier(expression)) return expression.text === "require";
  return (
    ts.isCallExpression(expression) &&
    ts.isIdentifier(expression.expression) &&
    expression.expression.text === "createRequire"
  );
}

function literal(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function namesAt(node: ts.Node): string[] {
  if (ts.isIdentifier(node)) return [node.text];
  if (ts.isVariableDeclaration(node)) return destructured(node);
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return [];
  const parts = chain(node);
  return parts.slice(0, -1).map((_, start) => parts.slice(start).join("."));
}

/** `const { random } = Math` uses `Math.random`. */
function destructured({ name, initializer }: ts.VariableDeclaration): string[] {
  if (initializer === undefined || !ts.isObjectBindingPattern(name)) return [];
  const of = chain(initializer).at(-1);
  if (of === undefined) return [];
  return name.elements.flatMap((element) => {
    const property = element.propertyName ?? element.name;
    return ts.isIdentifier(property) ? [`${of}.${property.text}`] : [];
  });
}

/** The parts of `a.b["c"]`; what stands before a call or another computed part is left out. */
function chain(node: ts.Node): string[] {
  if (ts.isIdentifier(node)) return [node.text];
  if (ts.isPropertyAccessExpression(node)) return [...chain(node.expression), node.name.text];
  if (!ts.isElementAccessExpression(node)) return [];
  const property = literal(node.argumentExpression);
  return property === undefined ? [] : [...chain(node.expression), property];
}
