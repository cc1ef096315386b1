// From the server's answers to those of the public interface. The server is not trusted: every
// length, index and number is checked, and what does not add up is kError, never a crash.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client-sdk/src/failure.h"
#include "client-sdk/src/key_batch.h"
#include "cloister/answer.h"
#include "cloister/v1/reputation.pb.h"

namespace cloister::client {

Answer DecodeLookup(const v1::LookupResponse& response);

// What the `key`-th lookup key of the object with the caller's `index` stands for.
using ExpressionOf = std::function<std::string(size_t index, uint32_t key)>;

// Writes the answer of each object in `asked` to (*answers)[its index]. Answer::canonical is left
// as it is. A failure says what does not add up; `*answers` is then unchanged.
Failure DecodeBatch(const v1::BatchLookupResponse& response,
                    const std::vector<KeyBatch::Asked>& asked, const ExpressionOf& expression_of,
                    std::vector<Answer>* answers);

}  // namespace cloister::client
