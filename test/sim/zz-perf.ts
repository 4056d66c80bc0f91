import { simulate } from "/work/main/test/sim/simulation.ts";
await simulate(5000); const c=process.cpuUsage(); const t=performance.now(); for (let s=5001;s<5041;s++) await simulate(s); const u=process.cpuUsage(c); console.log("cpu ms per seed", (u.user+u.system)/40000, "wall", (performance.now()-t)/40);
