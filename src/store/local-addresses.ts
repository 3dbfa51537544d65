import { hostname, networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

/** Every address and name under which this machine knows itself: how one's own entry is recognised. */
export function machineAddresses(): readonly string[] {
  const name = hostname().toLowerCase();
  const short = name.split('.')[0] ?? name;
  const addresses = interfaceAddresses().map(({ info }) => info.address);
  return [...new Set([...addresses, name, short, `${short}.local`])];
}

/** Addresses that others might reach, the likeliest first: the LAN, then a tailnet, public IPv4, IPv6, and bridges last. */
export function reachableAddresses(): readonly string[] {
  return interfaceAddresses()
    .filter(({ info }) => !info.internal && !/^(?:fe80:|169\.254\.)/i.test(info.address))
    .map(({ name, info }) => ({ address: info.address, rank: rankOf(name, info) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ address }) => address);
}

function interfaceAddresses(): readonly { readonly name: string; readonly info: NetworkInterfaceInfo }[] {
  return Object.entries(networkInterfaces()).flatMap(([name, infos]) =>
    (infos ?? []).map((info) => ({ name, info })),
  );
}

function rankOf(name: string, { address, family }: NetworkInterfaceInfo): number {
  const isBridge = /^(?:docker|br-|veth|virbr|vmnet|lxc)/.test(name);
  const isPrivate = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(address);
  const isCarrier = /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address);
  const kind = family === 'IPv6' ? 3 : isPrivate ? 0 : isCarrier ? 1 : 2;
  return isBridge ? kind + 10 : kind;
}
