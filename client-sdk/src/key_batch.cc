#include "client-sdk/src/key_batch.h"

namespace cloister::client {
namespace {

// Two counts of at most 255 take two bytes each.
constexpr size_t kCountBytes = 4;

size_t BytesOf(const reputation::LookupKeys& keys) {
  size_t bytes = kCountBytes;
  for (const reputation::LookupKey& key : keys.keys) bytes += key.bytes().size();
  return bytes;
}

}  // namespace

KeyBatch::KeyBatch(size_t max_keys, Context context) : max_keys_(max_keys) {
  request_.set_context(static_cast<v1::LookupContext>(context));
}

bool KeyBatch::Fits(const reputation::LookupKeys& keys) const {
  return empty() || (keys_ + keys.keys.size() <= max_keys_ && bytes_ + BytesOf(keys) <= kMaxBytes);
}

void KeyBatch::Add(const reputation::LookupKeys& keys, size_t index) {
  for (const reputation::LookupKey& key : keys.keys) {
    request_.mutable_lookup_keys()->append(key.bytes().data(), key.bytes().size());
  }
  const uint32_t count = static_cast<uint32_t>(keys.keys.size());
  request_.add_key_counts(count);
  request_.add_exact_counts(static_cast<uint32_t>(keys.exact_count));
  single_keys_ = single_keys_ && count == 1;
  single_exact_ = single_exact_ && keys.exact_count == 1;
  const bool ends_in_ip = keys.keys.back().kind() == reputation::ObjectKind::kIp;
  asked_.push_back({index, count, ends_in_ip});
  keys_ += count;
  bytes_ += BytesOf(keys);
}

void KeyBatch::AddSha256(const uint8_t* digest, size_t index) {
  constexpr size_t kKeyBytes = 34;
  std::string* keys = request_.mutable_lookup_keys();
  if (keys->capacity() - keys->size() < kKeyBytes) keys->reserve(keys->capacity() * 2 + kKeyBytes);
  const char form[2] = {1, 1};
  keys->append(form, sizeof form);
  keys->append(reinterpret_cast<const char*>(digest), 32);
  asked_.push_back({index, 1, false});
  ++keys_;
  bytes_ += kKeyBytes;
}

const v1::BatchLookupRequest& KeyBatch::Request() {
  if (single_keys_) request_.clear_key_counts();
  if (single_exact_) request_.clear_exact_counts();
  return request_;
}

void KeyBatch::Clear() {
  request_.mutable_lookup_keys()->clear();
  request_.clear_key_counts();
  request_.clear_exact_counts();
  asked_.clear();
  keys_ = bytes_ = 0;
  single_keys_ = single_exact_ = true;
}

}  // namespace cloister::client
