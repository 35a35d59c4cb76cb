/** First in, first out, in amortized constant time at any length. */
export interface Queue<T> {
  readonly size: number
  push(item: T): void
  peek(): T | undefined
  shift(): T | undefined
  /** Removes an item at any position; false if it is not in the queue. */
  remove(item: T): boolean
}

/** Creates an empty queue. */
export function createQueue<T>(): Queue<T> {
  let items: T[] = []
  let head = 0
  return {
    get size() {
      return items.length - head
    },
    push: item => {
      items.push(item)
    },
    peek: () => items[head],
    shift() {
      if (head >= items.length) return undefined
      const item = items[head++]
      if (head > 1024 && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
    remove(item) {
      const index = items.indexOf(item, head)
      if (index < 0) return false
      items.splice(index, 1)
      return true
    },
  }
}
