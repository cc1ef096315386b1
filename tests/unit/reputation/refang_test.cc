#include "reputation/refang.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/vectors.h"

namespace cloister::reputation {
namespace {

TEST(RefangTest, AgreesWithTheVectors) {
  for (const auto& row : cloister::testing::ReadVectors("refang.txt", 2)) {
    EXPECT_EQ(Refang(row.fields[0]), row.fields[1]) << row.place;
  }
}

}  // namespace
}  // namespace cloister::reputation
