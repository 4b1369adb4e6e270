pub fn hello(name: &str) -> String {
    format!("Hello, {name}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn greets() {
        assert_eq!(super::hello("you"), "Hello, you");
    }
}
