/** Sources that the overlay page's script includes; see `loadPageModule`. */
export { figure, time, valueText } from '../../views/format.ts'
export { statuses } from './data.ts'
export { modelOf } from './model.ts'
export { overlayCsv, shownCount, shownFrontier, shownPoints, standingAt } from './rows.ts'
export { colourOf, framed, marksOfRun, sceneOf, shapeOf, svgOf } from './scene.ts'
export { cautions, selector } from './selection.ts'
