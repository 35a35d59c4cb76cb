/** A binary min-heap: O(log n) push and pop, no allocation beyond its own array. */
export interface Heap<T> {
  readonly size: number
  push(item: T): void
  peek(): T | undefined
  pop(): T | undefined
  /** Removes an item at any position, O(n); false if it is not in the heap. */
  remove(item: T): boolean
  /** All items in no particular order. Do not change the heap while reading them. */
  readonly items: readonly T[]
}

/** Orders by `before`. Equal items come out in no particular order, so use a total order. */
export function createHeap<T>(before: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = []

  function siftUp(from: number, item: T): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = items[parent] as T
      if (!before(item, above)) break
      items[index] = above
      index = parent
    }
    items[index] = item
  }

  function siftDown(from: number, item: T): void {
    const size = items.length
    let index = from
    for (let child = 2 * index + 1; child < size; child = 2 * index + 1) {
      let least = items[child] as T
      if (child + 1 < size && before(items[child + 1] as T, least)) least = items[++child] as T
      if (!before(least, item)) break
      items[index] = least
      index = child
    }
    items[index] = item
  }

  function takeLastInto(index: number): void {
    const last = items.pop() as T
    if (index >= items.length) return
    siftDown(index, last)
    if (items[index] === last) siftUp(index, last)
  }

  return {
    get size() {
      return items.length
    },
    items,
    push(item) {
      items.push(item)
      siftUp(items.length - 1, item)
    },
    peek: () => items[0],
    pop() {
      const first = items[0]
      if (first !== undefined) takeLastInto(0)
      return first
    },
    remove(item) {
      const index = items.indexOf(item)
      if (index < 0) return false
      takeLastInto(index)
      return true
    },
  }
}
