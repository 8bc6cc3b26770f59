// The key under which the server takes an answer once, and by which open pages know each other.

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is not there on plain http
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
