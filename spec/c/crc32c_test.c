/*
 * CRC32C against the values of RFC 3720 B.4 and a bit by bit reckoning.
 */
#include "crc32c.h"

#include "check.h"

static uint32_t bit_by_bit(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

int main(void)
{
	uint8_t bytes[256];

	CHECK_INT(bc260y_crc32c(0, "", 0), 0);
	CHECK_INT(bc260y_crc32c(0, "123456789", 9), 0xe3069283);
	memset(bytes, 0, sizeof(bytes));
	CHECK_INT(bc260y_crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	CHECK_INT(bc260y_crc32c(0, bytes, 32), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	CHECK_INT(bc260y_crc32c(0, bytes, 32), 0x46dd794e);
	for (int i = 0; i < 256; i++)
		bytes[i] = (uint8_t)(i * 89 + 7);
	for (size_t size = 0; size <= 256; size++)
		CHECK_INT(bc260y_crc32c(0, bytes, size), bit_by_bit(bytes, size));
	for (size_t cut = 0; cut <= 256; cut++)
		CHECK_INT(bc260y_crc32c(bc260y_crc32c(0, bytes, cut), bytes + cut, 256 - cut),
			  bit_by_bit(bytes, 256));
	return check_end("crc32c");
}
