/** The report's style sheet: one column on a telephone, cards on a desk, no shadows on paper. */
import { colourRules } from "./palette.ts";

export const STYLE: string = `${colourRules}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 56px}
h1{font-size:30px;line-height:1.2;margin:0;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{font-size:20px;margin:44px 0 4px;letter-spacing:-.01em}
h3{font-size:15px;margin:0 0 8px;overflow-wrap:anywhere}
p{margin:4px 0 14px;max-width:70ch}
.quiet{color:var(--muted)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:12px;margin:24px 0 0}
.tile,.card{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:14px 16px;min-width:0}
.tile b{display:block;font-size:25px;line-height:1.25;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tile small{color:var(--muted);font-size:12.5px;display:block;line-height:1.4}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:14px}
.stack{display:grid;gap:14px;grid-template-columns:minmax(0,1fr)}
.narrow{max-width:640px;margin:0 auto}
figure{margin:0}
figcaption{color:var(--muted);font-size:13px;margin-top:6px}
svg{display:block;width:100%;height:auto;font-family:inherit}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:5px 10px;text-align:right;border-top:1px solid var(--line);white-space:nowrap}
th{color:var(--muted);font-weight:500;border-top:0;vertical-align:bottom}
th:first-child,td:first-child{text-align:left;padding-left:0}
td:last-child,th:last-child{padding-right:0}
td.words,th.words{text-align:left;white-space:normal}
td.label{white-space:normal;overflow-wrap:anywhere;min-width:7em}
.tag{display:inline-block;border-radius:99px;padding:0 9px;font-size:12px;border:1px solid var(--line);color:var(--muted)}
.tag.warn{color:var(--amber);border-color:var(--amber)}
.meter{display:inline-block;width:72px;height:8px;border-radius:4px;background:var(--line);overflow:hidden;vertical-align:middle}
.meter i{display:block;height:100%;background:var(--bad)}
footer{margin-top:44px;padding-top:16px;border-top:1px solid var(--line);color:var(--muted);font-size:13px}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
@media (max-width:520px){main{padding:22px 14px 40px}h1{font-size:24px}.card{padding:12px}}
@page{margin:14mm}
@media print{body{background:none;font-size:9.5pt}main{max-width:none;padding:0 2px}.tiles{grid-template-columns:repeat(3,1fr)}.card,.tile{break-inside:avoid;border-radius:6px}.cards,.stack{display:block;orphans:1;widows:1}.card{margin-bottom:4mm}.cards .card{display:inline-block;vertical-align:top;width:49%}h2{break-after:avoid;margin-top:8mm}h2+p{break-after:avoid}table{font-size:8.5pt}th,td{padding:2px 6px}tr{break-inside:avoid}.cards table{font-size:7.5pt}.cards th,.cards td{padding:2px 4px}td.label{min-width:0}.scroll{overflow:visible}.meter{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
