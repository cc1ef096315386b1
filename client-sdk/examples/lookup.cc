// Asks a server about the URLs on the command line, as a gateway would.
//
//   cloister-example-lookup 127.0.0.1:7447 ca.pem gateway.pem gateway.key URL...
//   cloister-example-lookup unix:/run/cloister/cloisterd.sock URL...
//
// Prints "refuse", "accept" or "defer" for each. What to do when nothing can be said is the
// gateway's own choice; this one defers the mail, so that it is asked about again later.

#include <iostream>
#include <string>
#include <vector>

#include "cloister/client.h"

namespace {

const char* Decide(const cloister::Answer& answer) {
  switch (answer.status) {
    case cloister::AnswerStatus::kListed:
      return answer.verdict() == cloister::Verdict::kMalicious ? "refuse" : "accept";
    case cloister::AnswerStatus::kNotListed:
    case cloister::AnswerStatus::kNotCovered:
      return "accept";
    case cloister::AnswerStatus::kPartial:
    case cloister::AnswerStatus::kError:
      break;
  }
  return "defer";
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  cloister::ClientOptions options;
  size_t urls = 1;
  if (!arguments.empty()) options.servers = {arguments[0]};
  if (arguments.size() > 4 && arguments[1].find("://") == std::string::npos) {
    options.tls = {arguments[1], arguments[2], arguments[3], ""};
    urls = 4;
  } else {
    options.plaintext = true;
  }
  std::string error;
  const auto client = cloister::Client::Create(options, &error);
  if (client == nullptr) {
    std::cerr << error << "\n";
    return 2;
  }
  for (size_t i = urls; i < arguments.size(); ++i) {
    const cloister::Answer answer = client->Lookup(cloister::Object::Url(arguments[i]));
    std::cout << Decide(answer) << " " << arguments[i] << " (" << Name(answer.status) << ")\n";
    if (!answer.error_message.empty()) std::cerr << answer.error_message << "\n";
  }
  return 0;
}
