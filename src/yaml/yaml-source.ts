import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { Path, Position, Problem } from './problem.ts'
import { oddScalars } from './scalars.ts'

/** A YAML text as data, with the position of each value in the text. */
export interface YamlSource {
  /** Undefined if the text is not valid YAML. */
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** Returns the start of the value at a path, or of its key; of the nearest enclosing value if it does not exist. */
  positionOf(path: Path, at: 'key' | 'value'): Position
}

/** Maximum length: more than any hand-written sweep, and small enough to parse at once. */
const maxLength = 1_000_000
const start: Position = { line: 1, column: 1 }

/** How to read a file. */
export interface YamlOptions {
  /**
   * True for Fulcrum's own files, in which ambiguous values are problems. Files for other programs, such as engines,
   * are read unchanged.
   */
  readonly own?: boolean
}

/** Reads YAML 1.2; never throws. */
export function readYaml(text: string, { own = false }: YamlOptions = {}): YamlSource {
  if (text.length > maxLength) {
    return failed(start, `the file has ${text.length} characters`, `write at most ${maxLength}`)
  }
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, { lineCounter: lines, merge: true, uniqueKeys: true, prettyErrors: false })
    const at = (offset: number): Position => {
      const { line, col } = lines.linePos(offset)
      return { line: Math.max(line, 1), column: Math.max(col, 1) }
    }
    // After a syntax error other than a duplicate key, the data is a guess, and so are further syntax errors.
    const isTwice = ({ code }: { code: string }) => code === 'DUPLICATE_KEY'
    const syntax = document.errors.find(error => !isTwice(error))
    const errors = [...document.errors.filter(isTwice), ...(syntax === undefined ? [] : [syntax])]
    const problems: Problem[] = errors.map(({ pos, code, message }) => ({
      position: at(pos[0]),
      ...explain(code, message),
    }))
    if (own && syntax === undefined) {
      problems.push(...oddScalars(document).map(({ offset, wrong, right }) => ({ position: at(offset), wrong, right })))
      const { yaml } = document.directives ?? {}
      if (yaml?.explicit === true && yaml.version !== '1.2')
        problems.push({
          position: start,
          wrong: `the file declares %YAML ${yaml.version}`,
          right: 'remove this line: Fulcrum reads YAML 1.2',
        })
    }
    const resolve = (node: unknown): Node | undefined => {
      if (isAlias(node)) return node.resolve(document)
      return isNode(node) ? node : undefined
    }
    const positionOf = (path: Path, which: 'key' | 'value'): Position => {
      let node = resolve(document.contents)
      let offset = node?.range?.[0] ?? 0
      for (const [index, step] of path.entries()) {
        const found = child(node, step, resolve)
        if (found === undefined) break
        const last = index === path.length - 1
        const target = last && which === 'key' && found.key !== undefined ? found.key : (found.value ?? found.key)
        offset = target?.range?.[0] ?? offset
        node = resolve(found.value)
      }
      return at(offset)
    }
    return { value: syntax === undefined ? document.toJS() : undefined, problems, positionOf }
  } catch (error) {
    // Endlessly expanding aliases, or nesting deeper than the stack.
    const message = error instanceof Error ? error.message : String(error)
    return failed(start, `the YAML cannot be read: ${message}`, 'use less nesting and fewer aliases')
  }
}

function failed(position: Position, wrong: string, right: string): YamlSource {
  return { value: undefined, problems: [{ position, wrong, right }], positionOf: () => position }
}

/** Key and value node one step down. `value` is the node as written, so an alias has the position of its use. */
function child(
  node: Node | undefined,
  step: string | number,
  resolve: (node: unknown) => Node | undefined,
): { key: Node | undefined; value: Node | undefined } | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step]
    return isNode(item) ? { key: undefined, value: item } : undefined
  }
  if (!isMap(node)) return undefined
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : undefined
    if (key === String(step)) {
      return { key: isNode(pair.key) ? pair.key : undefined, value: isNode(pair.value) ? pair.value : undefined }
    }
    // The merge key is a symbol in the YAML library.
    if (isScalar(pair.key) && (pair.key.source === '<<' || pair.key.value === '<<')) {
      const found = child(resolve(pair.value), step, resolve)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function explain(code: string, message: string): { wrong: string; right: string } {
  if (code === 'DUPLICATE_KEY') {
    return { wrong: 'duplicate key', right: 'keep one of the two' }
  }
  if (code === 'MULTIPLE_DOCS') {
    return { wrong: 'the file contains several YAML documents', right: 'write one sweep per file, without `---` lines' }
  }
  if (code === 'TAB_AS_INDENT') {
    return { wrong: 'the indentation contains a tab', right: 'indent with spaces' }
  }
  return { wrong: `invalid YAML: ${message}`, right: 'check the indentation, quotes and brackets here' }
}
