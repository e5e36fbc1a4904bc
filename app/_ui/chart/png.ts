import type { ChartModel } from './model.ts'

const painted = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'opacity',
  'vector-effect',
] as const
const scale = 2
const headHeight = 28

/** The chart as it looks now, in the present theme, at two pixels a point, with title, legend and axis labels. */
export async function chartPng(chart: ChartModel, figure: HTMLElement): Promise<Blob> {
  const svg = figure.querySelector('svg')
  const frame = svg?.parentElement?.parentElement
  if (!svg || !frame) throw new Error(`chart ${chart.id} has no plot to draw`)
  const frameBox = frame.getBoundingClientRect()
  const canvas = document.createElement('canvas')
  canvas.width = frameBox.width * scale
  canvas.height = (frameBox.height + headHeight) * scale
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('this browser has no canvas to draw on')
  pen.scale(scale, scale)
  const colour = getComputedStyle(figure)
  pen.fillStyle = getComputedStyle(document.documentElement).backgroundColor
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.fillStyle = colour.color
  pen.font = `600 13px ${colour.fontFamily}`
  pen.fillText(
    `${chart.title}${chart.unit && ` (${chart.unit})`}: ${chart.series.map((one) => one.label).join(', ')}`,
    8,
    18,
  )
  pen.translate(-frameBox.left, headHeight - frameBox.top)
  const box = svg.getBoundingClientRect()
  pen.drawImage(await pictureOf(svg, box), box.left, box.top, box.width, box.height)
  for (const label of frame.querySelectorAll('span')) drawLabel(pen, label)
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the picture could not be encoded'))), 'image/png')
  })
}

function drawLabel(pen: CanvasRenderingContext2D, label: HTMLElement): void {
  const style = getComputedStyle(label)
  const box = label.getBoundingClientRect()
  pen.fillStyle = style.color
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
  pen.textBaseline = 'middle'
  pen.fillText(label.textContent, box.left + Number.parseFloat(style.paddingLeft), box.top + box.height / 2)
}

async function pictureOf(svg: SVGSVGElement, box: DOMRect): Promise<HTMLImageElement> {
  const copy = svg.cloneNode(true) as SVGSVGElement
  copy.setAttribute('width', String(box.width * scale))
  copy.setAttribute('height', String(box.height * scale))
  const originals = svg.querySelectorAll<SVGElement>('*')
  for (const [i, node] of copy.querySelectorAll<SVGElement>('*').entries()) {
    const original = originals[i]
    if (!original) continue
    const style = getComputedStyle(original)
    for (const name of painted) node.style.setProperty(name, style.getPropertyValue(name))
  }
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`
  await image.decode()
  return image
}
