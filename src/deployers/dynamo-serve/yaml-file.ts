import { readFileSync } from 'node:fs'
import { isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { isJsonObject, type JsonObject } from '../../model/index.ts'
import type { Position } from '../../yaml/problem.ts'

/** A problem in a file and its position; line and column count from 1. */
export interface FileProblem {
  readonly file: string
  readonly position: Position
  /** The problem. */
  readonly wrong: string
  /** What would be correct. */
  readonly right: string
}

/** A user's YAML file: text for copies, data, and positions of keys. */
export interface YamlFile {
  readonly file: string
  readonly text: string
  readonly value: JsonObject
  /** Creates a problem at a key's position, or at the nearest enclosing key if it is missing. */
  problemAt(path: readonly string[], wrong: string, right: string): FileProblem
}

/** Reads a YAML file with a map; never throws. */
export function readYamlFile(file: string): YamlFile | FileProblem {
  const start = { line: 1, column: 1 }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return { file, position: start, wrong: 'cannot read the file', right: 'write the path of a YAML file' }
  }
  const lines = new LineCounter()
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    const [error] = document.errors
    if (error !== undefined) {
      return { file, position: position(error.pos[0]), wrong: `invalid YAML: ${error.message}`, right: 'correct it' }
    }
    const value: unknown = document.toJS()
    if (!isJsonObject(value))
      return { file, position: start, wrong: 'the file does not contain a map', right: 'write keys and values' }
    const problemAt = (path: readonly string[], wrong: string, right: string): FileProblem => {
      let node: Node | null = document.contents
      let offset = node?.range?.[0] ?? 0
      for (const step of path) {
        const pair: { key: unknown; value: unknown } | undefined = isMap(node)
          ? node.items.find(item => isScalar(item.key) && String(item.key.value) === step)
          : undefined
        if (pair === undefined) break
        if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
        node = isNode(pair.value) ? pair.value : null
      }
      return { file, position: position(offset), wrong, right }
    }
    return { file, text, value, problemAt }
  } catch (error) {
    return {
      file,
      position: start,
      wrong: `cannot read this as YAML: ${String(error)}`,
      right: 'write it with less nesting',
    }
  }
}

/** Whether reading a file succeeded. */
export function isYamlFile(read: YamlFile | FileProblem): read is YamlFile {
  return 'value' in read
}

/** `file:line:column: …` */
export function problemLine({ file, position, wrong, right }: FileProblem): string {
  return `${file}:${position.line}:${position.column}: ${wrong}; ${right}`
}
