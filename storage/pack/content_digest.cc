#include "storage/pack/content_digest.h"

// For SHA256_Init and its kin, see Sha256Words.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cloister::storage {
namespace {

using Words = std::array<uint64_t, 4>;

constexpr size_t kSumBytes = 32;

Words WordsFromBytes(const uint8_t* bytes) {
  Words words{};
  for (size_t i = 0; i < kSumBytes; ++i) {
    words[3 - i / 8] = words[3 - i / 8] << 8 | bytes[i];
  }
  return words;
}

void AddWords(const Words& other, Words* sum) {
  unsigned __int128 carry = 0;
  for (size_t i = 0; i < sum->size(); ++i) {
    carry += static_cast<unsigned __int128>((*sum)[i]) + other[i];
    (*sum)[i] = static_cast<uint64_t>(carry);
    carry >>= 64;
  }
}

void SubtractWords(const Words& other, Words* sum) {
  // a - b = a + ~b + 1 modulo 2^256.
  Words complement;
  for (size_t i = 0; i < other.size(); ++i) complement[i] = ~other[i];
  AddWords(complement, sum);
  AddWords({1, 0, 0, 0}, sum);
}

// Millions of short entries are hashed in a row. OpenSSL's older functions take half the time of
// EVP, which sets up more than one short message costs to hash.
Words Sha256Words(absl::string_view framed) {
  uint8_t hash[kSumBytes];
  SHA256_CTX context;
  if (SHA256_Init(&context) != 1 || SHA256_Update(&context, framed.data(), framed.size()) != 1 ||
      SHA256_Final(hash, &context) != 1) {
    abort();  // a wrong sum must never be taken for a right one
  }
  return WordsFromBytes(hash);
}

// Length and bytes, from `out` on; returns what follows.
char* WriteFramed(absl::string_view bytes, char* out) {
  const uint32_t size = static_cast<uint32_t>(bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) *out++ = static_cast<char>(size >> shift);
  return std::copy(bytes.begin(), bytes.end(), out);
}

Words HashOfEntry(absl::string_view key, absl::string_view value) {
  thread_local std::string framed;
  framed.resize(2 * sizeof(uint32_t) + key.size() + value.size());
  WriteFramed(value, WriteFramed(key, framed.data()));
  return Sha256Words(framed);
}

bool AllHexDigits(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<ContentDigest> ContentDigest::Parse(absl::string_view text) {
  size_t colon = text.find(':');
  absl::string_view count = text.substr(0, colon);
  uint64_t entries = 0;
  bool good = colon != absl::string_view::npos && !count.empty() &&
              count.find_first_not_of("0123456789") == absl::string_view::npos &&
              absl::SimpleAtoi(count, &entries) && text.size() - colon - 1 == 2 * kSumBytes &&
              AllHexDigits(text.substr(colon + 1));
  if (!good) {
    return absl::InvalidArgumentError(
        "a content digest is \"<entries>:<64 hexadecimal digits>\", not \"" +
        absl::CHexEscape(text.substr(0, 100)) + "\"");
  }
  return FromParts(entries, absl::HexStringToBytes(text.substr(colon + 1)));
}

absl::StatusOr<ContentDigest> ContentDigest::FromParts(uint64_t entries, absl::string_view sum) {
  if (sum.size() != kSumBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the sum of a content digest has 32 bytes, not ", sum.size()));
  }
  ContentDigest digest;
  digest.entries_ = entries;
  digest.sum_ = WordsFromBytes(reinterpret_cast<const uint8_t*>(sum.data()));
  return digest;
}

void ContentDigest::Add(absl::string_view key, absl::string_view value) {
  ++entries_;
  AddWords(HashOfEntry(key, value), &sum_);
}

void ContentDigest::Remove(absl::string_view key, absl::string_view value) {
  --entries_;
  SubtractWords(HashOfEntry(key, value), &sum_);
}

void ContentDigest::Add(const ContentDigest& other) {
  entries_ += other.entries_;
  AddWords(other.sum_, &sum_);
}

std::string ContentDigest::sum() const {
  std::string bytes;
  for (size_t word = sum_.size(); word-- > 0;) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<char>(sum_[word] >> shift));
    }
  }
  return bytes;
}

std::string ContentDigest::ToString() const {
  return absl::StrCat(entries_, ":", absl::BytesToHexString(sum()));
}

}  // namespace cloister::storage
