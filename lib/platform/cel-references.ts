import type { parse } from '@bufbuild/cel'

type Expr = ReturnType<typeof parse>['expr']

/** A value that an expression reads: a variable and the fields selected from it. */
export type Reference = { path: string[] }

const nestingMax = 2
const literalMax = 200

type Found = { references: Reference[]; undeclared: string[]; tooDeep: string | undefined }

/**
 * Walks an expression's syntax tree for what it reads. A comprehension's own variables are no references. `has(a.b)` counts
 * as reading nothing: it is there to ask whether something is missing.
 */
export function referencesOf(tree: Expr, variables: readonly string[]): Found {
  const found: Found = { references: [], undeclared: [], tooDeep: undefined }
  walk(tree, { declared: new Set(variables), local: new Set(), nesting: 0 }, found)
  return found
}

type Scope = { declared: ReadonlySet<string>; local: ReadonlySet<string>; nesting: number }

function walk(expr: Expr | undefined, scope: Scope, found: Found): void {
  if (!expr) return
  const { exprKind } = expr
  switch (exprKind.case) {
    case 'identExpr':
    case 'selectExpr':
      return walkPath(expr, scope, found)
    case 'callExpr':
      walk(exprKind.value.target, scope, found)
      return walkAll(exprKind.value.args, scope, found)
    case 'listExpr':
      return walkAll(exprKind.value.elements, scope, found)
    case 'structExpr':
      for (const entry of exprKind.value.entries) {
        if (entry.keyKind.case === 'mapKey') walk(entry.keyKind.value, scope, found)
        walk(entry.value, scope, found)
      }
      return
    case 'comprehensionExpr':
      return walkComprehension(exprKind.value, scope, found)
    default:
  }
}

function walkAll(expressions: readonly Expr[], scope: Scope, found: Found): void {
  if (expressions.length > literalMax) found.tooDeep = `a list has more than ${literalMax} entries`
  for (const e of expressions) walk(e, scope, found)
}

type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value']

function walkComprehension(c: Comprehension, scope: Scope, found: Found): void {
  const nesting = scope.nesting + 1
  if (nesting > nestingMax) found.tooDeep = `comprehensions are nested more than ${nestingMax} deep`
  walk(c.iterRange, scope, found)
  walk(c.accuInit, scope, found)
  const inner = { ...scope, nesting, local: new Set([...scope.local, c.iterVar, c.iterVar2, c.accuVar]) }
  walk(c.loopCondition, inner, found)
  walk(c.loopStep, inner, found)
  walk(c.result, inner, found)
}

function walkPath(expr: Expr, scope: Scope, found: Found): void {
  const fields: string[] = []
  let at: Expr | undefined = expr
  let asksOnly = false
  while (at?.exprKind.case === 'selectExpr') {
    fields.unshift(at.exprKind.value.field)
    asksOnly ||= at.exprKind.value.testOnly
    at = at.exprKind.value.operand
  }
  if (at?.exprKind.case !== 'identExpr') return walk(at, scope, found)
  const { name } = at.exprKind.value
  if (scope.local.has(name)) return
  if (!scope.declared.has(name)) found.undeclared.push(name)
  else if (!asksOnly) found.references.push({ path: [name, ...fields] })
}
