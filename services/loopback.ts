/** Whether an address `host:port` is on this machine. */
export const isLoopback = (address: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(address);

/**
 * Options of a Temporal connection: gRPC would send what is on this machine through the proxy of `https_proxy` as well, which
 * cannot reach it. Servers elsewhere are reached as the environment says.
 */
export const directly = (address: string): { channelArgs?: { 'grpc.enable_http_proxy': 0 } } =>
  isLoopback(address) ? { channelArgs: { 'grpc.enable_http_proxy': 0 } } : {};
