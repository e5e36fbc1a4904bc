// Stroke icons of 16 px. One more is one more line here rather than a package; server components ship none as script.
const shapes = {
  home: 'M2.500 7 8 2.500 13.500 7v6.500h-4v-4h-3v4h-4z',
  bell: 'M4 11V7a4 4 0 0 1 8 0v4l1.500 1.500h-11zM6.500 14h3',
  inbox: 'M2 9h3.500l1 2h3l1-2H14M3.500 3h9L14 9v4H2V9z',
  cube: 'M8 1.800 13.500 5v6L8 14.200 2.500 11V5zM2.700 5 8 8l5.300-3M8 8v6',
  server: 'M2.500 3h11v4h-11zM2.500 9h11v4h-11zM5 5h.01M5 11h.01',
  branch: 'M4 2.500v11M4 10c0-3 8-1.500 8-5M12 5V2.500M2.800 3.200h2.400M10.800 3h2.400',
  flow: 'M2 4h4v3H2zM10 9h4v3h-4zM6 5.500h3.500v5h.5',
  wave: 'M1.500 8H4l2-5 3.500 10 2-5h3',
  target: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 10.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  gauge: 'M2.500 12a6 6 0 1 1 11 0M8 9.500l2.500-3.500',
  coin: 'M8 1.800v12.400M11 4.500C10 3.500 5.200 3.200 5.200 5.600S11 7.700 11 10.300 6 12.600 4.800 11',
  fire: 'M8 14c-2.800 0-4.500-1.800-4.500-4.300C3.500 6.500 7.500 5.500 7 2c2.500 1.200 5.500 4 5.500 7.700C12.500 12.200 10.800 14 8 14z',
  book: 'M3 2.500h7.500A1.500 1.500 0 0 1 12 4v9.500H4.500A1.500 1.500 0 0 1 3 12zM3 11.500h9',
  list: 'M5.500 4h8M5.500 8h8M5.500 12h8M2.500 4h.01M2.500 8h.01M2.500 12h.01',
  key: 'M6 10a3.500 3.500 0 1 1 3.300-4.700l5 0V8h-2v2h-2.500V8.300A3.500 3.500 0 0 1 6 10zM5.800 6.500h.01',
  scroll: 'M4 2.500h8v11H4zM6.500 5.500h3M6.500 8h3M6.500 10.500h2',
  sliders: 'M2.500 5h6M11.500 5h2M2.500 11h2M7.500 11h6M10 3.500v3M6 9.500v3',
  more: 'M3.500 8h.01M8 8h.01M12.500 8h.01',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.600 10.600 14 14',
  plus: 'M8 3v10M3 8h10',
  undo: 'M3 6.500h6.500a3.500 3.500 0 0 1 0 7H6M6 3 2.500 6.500 6 10',
  play: 'M4.500 2.500v11l9-5.500z',
  pause: 'M5.500 3v10M10.500 3v10',
  copy: 'M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8z',
  download: 'M8 2.500v8M4.500 7 8 10.500 11.500 7M2.500 13.500h11',
  up: 'M8 13V3M3.500 7.500 8 3l4.500 4.500',
  down: 'M8 3v10M3.500 8.500 8 13l4.500-4.500',
  left: 'M10 3 5 8l5 5',
  right: 'M6 3l5 5-5 5',
  check: 'M2.500 8.500 6 12l7.500-8',
  x: 'M3.500 3.500l9 9M12.500 3.500l-9 9',
  question: 'M5.500 6a2.500 2.500 0 1 1 3.600 2.250C8.400 8.600 8 9 8 9.700M8 12.500h.01',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.300l2.200 1.500',
  user: 'M8 8a2.800 2.800 0 1 0 0-5.600A2.800 2.800 0 0 0 8 8zM2.800 13.800c.6-2.600 2.700-3.800 5.200-3.800s4.600 1.200 5.200 3.800',
  lock: 'M3.500 7.500h9v6h-9zM5.500 7.500V5a2.500 2.500 0 0 1 5 0v2.500',
  alert: 'M8 2.300 14.300 13.300H1.700zM8 6.500v3M8 11.500h.01',
  link: 'M6.500 9.500l3-3M7 4.500l1.500-1.500a3 3 0 0 1 4.500 4.500L11.500 9M9 11.500 7.500 13A3 3 0 0 1 3 8.500L4.500 7',
  leave: 'M6.500 2.500h-4v11h4M10 5l3 3-3 3M6 8h7',
  minus: 'M3 8h10',
  external: 'M9.500 2.500h4v4M13.500 2.500 7.500 8.500M11.500 9.500v4h-9v-9h4',
} as const

export type IconName = keyof typeof shapes

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.2 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={shapes[name]} />
    </svg>
  )
}
