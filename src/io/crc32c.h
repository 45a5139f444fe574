/* CRC-32C, the cyclic redundancy check with Castagnoli's polynomial 0x1EDC6F41, of iSCSI (RFC 3720,
 * section 12.1; examples in its appendix B.4) and of Zarr's codec of that name. Private to the io
 * room. */
#ifndef AR_IO_CRC32C_H
#define AR_IO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of `bytes` bytes; by the processor's instruction where it has one (SSE 4.2). Pure,
 * thread-safe. */
uint32_t ar_crc32c(const void *data, size_t bytes);
/* The same, as processors without that instruction do it. */
uint32_t ar_crc32c_by_tables(const void *data, size_t bytes);

#endif
