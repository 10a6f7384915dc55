// Transport compression of the gateway: zlib streams in and (for the doubles) out.
//
// This module wraps Debian's zlib, the one place that imports it. It owns one zlib context per open connection, inside
// `StreamInflater` or `StreamDeflater`. Another algorithm (zstd) is a further pair of types beside these.
