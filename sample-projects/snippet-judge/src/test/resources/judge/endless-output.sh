yes "I must not print so much"
