/*
 * CRC32C (Castagnoli): of records on disk and of frames on the line.
 *
 * It knows the polynomial and nothing of what is summed.
 */
#ifndef BC260Y_CRC32C_H
#define BC260Y_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* crc: 0, or the result for the bytes that come before these. */
uint32_t bc260y_crc32c(uint32_t crc, const void *bytes, size_t size);

#endif
