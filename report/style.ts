/**
 * The page's style sheet; blocks may add rules that only they need. No web fonts, no images: a report is read offline, years
 * later. Colours of series also differ in lightness, and their markers in shape.
 */
export const styleSheet = `
:root{color-scheme:light dark;
--paper:#fdfcfa;--raised:#f6f4ef;--ink:#1d1c1a;--soft:#4d4a44;--muted:#6b675f;--rule:#dedad1;--hair:#ebe8e1;--accent:#1b5e9e;--wash:#e3ecf5;
--s0:#2f6db3;--s1:#b84c16;--s2:#24784d;--s3:#8257b0;--s4:#876604;
--serif:"Charter","Bitstream Charter","Iowan Old Style","Source Serif 4","Source Serif Pro",Cambria,Georgia,"Liberation Serif",serif;
--sans:"Inter","Helvetica Neue",Helvetica,Arial,"Liberation Sans",system-ui,sans-serif;
--mono:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{
--paper:#141619;--raised:#1c1f23;--ink:#ebe8e1;--soft:#c6c2b9;--muted:#9b978e;--rule:#3a3d42;--hair:#272a2e;--accent:#86b7ee;--wash:#1d2c3d;
--s0:#78aeea;--s1:#f09460;--s2:#63c394;--s3:#bd99e6;--s4:#d8b244}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;overflow-wrap:break-word;background:var(--paper);color:var(--ink);font:17px/1.55 var(--serif);text-rendering:optimizeLegibility}
main,header.top,footer{max-width:1040px;margin:0 auto;padding:0 32px}
header.top{padding-top:64px}
.eyebrow{margin:0 0 10px;font:600 12px/1 var(--sans);letter-spacing:.09em;text-transform:uppercase;color:var(--accent)}
h1{margin:0;font-size:40px;line-height:1.14;font-weight:600;letter-spacing:-.012em;max-width:22em;text-wrap:balance}
.lede{max-width:42em;margin-top:18px;color:var(--soft)}
.lede p{margin:0 0 .7em}
.deviations{margin:14px 0 0;font:14px/1.5 var(--sans)}
.keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));margin:30px 0 0;border-top:1.5px solid var(--ink);border-bottom:1px solid var(--rule);overflow:hidden}
.keys div{position:relative;left:-21px;padding:16px 20px 15px;border-left:1px solid var(--hair)}
.keys dt{font:13px/1.4 var(--sans);color:var(--muted);overflow-wrap:anywhere}
.keys dd{margin:0 0 5px;font-size:29px;line-height:1.15;font-variant-numeric:lining-nums tabular-nums;letter-spacing:-.01em;white-space:nowrap}
.keys dd span{font:14px/1 var(--sans);color:var(--muted);letter-spacing:0}
.keys>div{display:flex;flex-direction:column-reverse;justify-content:flex-end}
nav{margin-top:20px;font:14px/1.9 var(--sans)}
nav a{margin-right:18px;white-space:nowrap}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.16em}
nav a,a.src,a.num{text-decoration:none}
nav a:hover,a.src:hover,a.num:hover{text-decoration:underline}
a.num{color:inherit}
a:focus-visible,.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
section{margin-top:60px}
h2{margin:0 0 14px;font-size:26px;line-height:1.25;font-weight:600;letter-spacing:-.006em}
code{font:.84em var(--mono)}
.intro{max-width:42em;margin:0 0 18px;color:var(--soft)}
figure,.table{margin:26px 0 38px}
.statement{max-width:38em;margin:0 0 18px;padding-left:16px;border-left:3px solid var(--accent);font-size:1.06em}
.statement a.num{border-bottom:1px dotted var(--muted)}
figcaption,.table>.caption{font:14px/1.5 var(--sans);color:var(--soft);max-width:58em}
figcaption{margin-top:12px}
.table>.caption{margin:0 0 9px}
a.file{margin-left:6px;white-space:nowrap}
figcaption b,.caption b{color:var(--ink);font-weight:650}
.scroll{overflow-x:auto}
table.data{border-collapse:collapse;width:100%;font:14.5px/1.35 var(--sans);font-variant-numeric:lining-nums tabular-nums;border-top:1.5px solid var(--ink);border-bottom:1.5px solid var(--ink)}
table.data th,table.data td{padding:7px 10px;text-align:left;vertical-align:baseline;font-weight:400}
table.data th:first-child,table.data td:first-child{padding-left:2px}
table.data th:last-child,table.data td:last-child{padding-right:2px}
table.data thead th{font-weight:600;font-size:13px;border-bottom:1px solid var(--ink);vertical-align:bottom}
table.data tbody tr+tr>*{border-top:1px solid var(--hair)}
table.data .n{text-align:right;white-space:nowrap}
table.data thead .n{white-space:normal}
table.data:not(.sources) th:first-child{position:sticky;left:0;z-index:1;background:inherit}
table.data tr{background:var(--paper)}
table.data tbody tr:hover,table.data tr.reference,.quoted table.data tr{background:var(--raised)}
table.data tr.reference th::after{content:" reference";margin-left:6px;font-size:11px;letter-spacing:.03em;color:var(--muted)}
table.data .pm{color:var(--muted);font-size:12px;margin-left:3px}
table.data .best{font-weight:700}
table.data .best .pm{font-weight:400}
a.src{display:inline-block;font:12px/24px var(--mono)}
.src:not(:last-child){margin-right:8px}
.notes{margin:9px 0 0;padding:0;list-style:none;font:13px/1.5 var(--sans);color:var(--muted);max-width:62em}
.quoted{background:var(--raised);border-left:3px solid var(--s4);padding:16px 18px 14px}
.card{display:none}
.card:target{display:block;position:fixed;z-index:2;top:0;right:0;bottom:0;width:min(580px,100vw);overflow:auto;padding:26px 30px 40px;background:var(--paper);border-left:1.5px solid var(--ink);box-shadow:0 0 40px rgba(0,0,0,.18);font:14px/1.55 var(--sans)}
.card .close{position:sticky;top:0;float:right;font-size:26px;line-height:1;text-decoration:none;padding:2px 6px}
.card-what{margin:0;color:var(--soft)}
.card-value{margin:2px 0 14px;font:600 25px/1.2 var(--serif);font-variant-numeric:lining-nums tabular-nums}
.card ul,.card ol{margin:4px 0 14px;padding-left:20px}
.card p{margin:0 0 8px}
.card dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 14px;margin:0 0 14px}
.card dt{color:var(--muted)}
.card dd{margin:0;overflow-wrap:anywhere}
.card pre{margin:0 0 14px;padding:10px 12px;background:var(--raised);font:12px/1.5 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere}
.card code,.digest{overflow-wrap:anywhere;font-family:var(--mono)}
.digest{font-size:12px}
.findings{margin:0 0 18px;padding-left:20px}
.findings .warning b{color:var(--s1)}
[data-foreign] a.num::after{content:"‡";color:var(--muted);font-weight:400}
:target:not(.card):not(section){background:var(--wash)}
table.sources td.full{font:11.5px/1.5 var(--mono);overflow-wrap:anywhere;color:var(--soft)}
table.sources tr:target{background:var(--wash)}
table.sources td.short{font:13px/1.4 var(--mono);white-space:nowrap}
svg.chart{display:block;width:100%;height:auto;font:12.5px/1 var(--sans);font-variant-numeric:tabular-nums;overflow:visible}
.scroll>svg.wide{min-width:830px}
.chart text{fill:var(--ink)}
.chart .tick text{fill:var(--muted);font-size:12px}
.chart .label{fill:var(--soft);font-size:12.5px}
.chart .grid line{stroke:var(--hair);stroke-width:1}
.chart .axis,.chart .axis line{stroke:var(--muted);stroke-width:1}
.chart .level{stroke:var(--ink);stroke-width:1.4;stroke-dasharray:7 4}
.chart .level.faint{stroke:var(--muted);stroke-width:1;stroke-dasharray:2 4}
.chart .line{fill:none;stroke-width:1.7;stroke-linejoin:round;stroke-linecap:round}
.chart .whisker{fill:none;stroke-width:1;opacity:.55}
.chart .mark{stroke:var(--paper);stroke-width:1.2}
.chart .ends text{font-size:12.5px}
.chart .ends .level-name{fill:var(--soft)}
.chart .s-ink .line,.chart .s-ink .whisker{stroke:var(--ink)}.chart .s-ink .line{stroke-width:3}.chart .s-ink .mark{fill:var(--ink)}.chart .ends .s-ink{font-weight:700}
.chart .s-0 .line,.chart .s-0 .whisker{stroke:var(--s0)}.chart .s-0 .mark,.chart .ends .s-0{fill:var(--s0)}
.chart .s-1 .line,.chart .s-1 .whisker{stroke:var(--s1)}.chart .s-1 .mark,.chart .ends .s-1{fill:var(--s1)}
.chart .s-2 .line,.chart .s-2 .whisker{stroke:var(--s2)}.chart .s-2 .mark,.chart .ends .s-2{fill:var(--s2)}
.chart .s-3 .line,.chart .s-3 .whisker{stroke:var(--s3)}.chart .s-3 .mark,.chart .ends .s-3{fill:var(--s3)}
.chart .s-4 .line,.chart .s-4 .whisker{stroke:var(--s4)}.chart .s-4 .mark,.chart .ends .s-4{fill:var(--s4)}
.panel-title{margin:0 0 6px;font:600 13.5px/1.4 var(--sans)}
.panel-title span{font-weight:400;color:var(--muted);margin-left:4px}
table.faces{border-collapse:separate;border-spacing:3px;margin-left:-3px;font:13px/1.3 var(--sans)}
table.faces th{font-weight:400;color:var(--soft);padding:2px 4px 4px;white-space:nowrap}
table.faces td{padding:0}
table.faces td.inquiry{padding-right:12px;border-right:1px solid var(--rule)}
table.faces td.inquiry+td{padding-left:9px}
table.faces img{display:block;width:96px;height:96px;image-rendering:pixelated;background:var(--raised)}
table.faces.large img{width:144px;height:144px}
table.faces.small img{width:64px;height:64px}
footer{margin-top:64px;padding-top:16px;padding-bottom:56px;font:13px/1.5 var(--sans);color:var(--muted)}
@media (max-width:640px){body{font-size:16px}main,header.top,footer{padding-left:18px;padding-right:18px}header.top{padding-top:36px}h1{font-size:30px}
nav a{display:inline-block;white-space:normal}.keys div{left:0;border-left:0;padding-left:0}table.faces.large img,table.faces img{width:64px;height:64px}table.faces.small img{width:48px;height:48px}
table.data th:first-child{min-width:7.5em;max-width:40vw}table.data td:has(>.src){white-space:nowrap}table.sources td.full{min-width:15em}}
@media print{@page{margin:14mm}
:root{color-scheme:light;--paper:#fff;--raised:#f5f5f3;--ink:#000;--soft:#333;--muted:#555;--rule:#ccc;--hair:#e5e5e5;--accent:#000;--wash:#fff;
--s0:#2f6db3;--s1:#b84c16;--s2:#24784d;--s3:#8257b0;--s4:#876604}
body{font-size:10.5pt}main,header.top,footer{max-width:none;padding-left:0;padding-right:0}header.top{padding-top:0}nav,a.file{display:none}
a[href^="http"]::after{content:" (" attr(href) ")"}
h2,.intro,.caption,.panel-title,thead{break-after:avoid}figure,tr,.keys,svg,.panel,.loss-panel,.sheet{break-inside:avoid}section{margin-top:28pt}
.scroll{overflow:visible}.scroll>svg.wide{min-width:0}
table.data{font-size:8pt}table.data th,table.data td{padding:3px 4px}table.data .n{white-space:normal}table.data thead th{font-size:7.5pt}table.data .pm,a.src{font-size:7pt;line-height:1.4}
table.data:not(.sources) th:first-child{position:static}
table.faces th{white-space:normal}table.faces img{max-width:100%;height:auto}table.faces.large img{width:104px;height:auto}
.card:target{display:none}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
