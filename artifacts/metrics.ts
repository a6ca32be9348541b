export { type MetricsKind, putMetrics, readMetricsOf } from './codecs/metrics.ts';
export * from './codecs/metrics-kinds.ts';
