/** The style of a pack's page: light and dark on screens, black on white A4 on paper. */
export const packStyle = `
:root{color-scheme:light dark;--ink:light-dark(#16181d,#e8e9ec);--dim:light-dark(#565c68,#a5abb6);--line:light-dark(#d9dce2,#32363f);--back:light-dark(#fff,#121418);--note:light-dark(#8d5e00,#fbc959);--code:light-dark(#f4f5f7,#1b1e24)}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
main,footer{max-width:1080px;margin:0 auto;padding:0 20px}
header{padding:32px 0 12px;border-bottom:2px solid var(--ink)}
h1{margin:2px 0 6px;font-size:24px;line-height:1.2;overflow-wrap:anywhere}
h2{margin:28px 0 8px;font-size:16px}
h3{margin:16px 0 4px;font-size:14px}
p{margin:6px 0}
.kind{margin:0;color:var(--dim);text-transform:capitalize}
.made,.small{color:var(--dim)}
.demo{margin:16px 0 0;padding:8px 12px;border:1px solid var(--note);border-left-width:4px}
dl{margin:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));column-gap:32px}
dl div{display:grid;grid-template-columns:130px minmax(0,1fr);gap:12px;padding:5px 0;border-bottom:1px solid var(--line)}
dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:12.5px}
th{text-align:left;font-weight:600;color:var(--dim)}
th,td{padding:5px 12px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
td{overflow-wrap:anywhere;min-width:84px}
td time{white-space:nowrap}
code,pre{font:12px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
td code{font-size:11px}
pre{margin:6px 0;padding:10px 12px;background:var(--code);white-space:pre-wrap}
ul{margin:4px 0;padding-left:20px}
footer{margin-top:32px;padding-top:10px;padding-bottom:32px;color:var(--dim);border-top:1px solid var(--line)}
@page{size:A4;margin:16mm 14mm}
@media print{
:root{color-scheme:light}
body{font-size:10pt}
main,footer{max-width:none;padding:0}
header{padding-top:0}
table{font-size:8pt;table-layout:fixed}
td,th{padding-right:6pt;min-width:0}
td time{white-space:normal}
td code{font-size:7pt}
tr,dl div,.demo,li{break-inside:avoid}
h2,h3{break-after:avoid}
.scroll{overflow:visible}
}
`
